import { describe, expect, it } from 'vitest';
import { loadHighlighter } from '../src/highlight.ts';
import { follow } from '../src/links.ts';
import { makeRenderer } from '../src/markdown.ts';
import { groups, hrefBetween, pageOf } from '../src/page-list.ts';

const paths = new Set(groups().flatMap(({ sources }) => sources.map(({ page }) => page)));

describe('pages', () => {
  it.each([
    ['README.md', 'readme.html'],
    ['docs/README.md', 'docs/index.html'],
    ['docs/commands.md', 'docs/commands.html'],
    ['packages/vit/README.md', 'packages/vit/index.html'],
  ])('%s is %s', (path, page) => {
    expect(pageOf(path)).toBe(page);
    expect(paths).toContain(page);
  });

  it.each([
    ['index.html', 'docs/index.html', 'docs/'],
    ['docs/index.html', 'index.html', '../'],
    ['docs/index.html', 'docs/index.html', './'],
    ['api/vit.html', 'assets/site.css', '../assets/site.css'],
  ])('goes from %s to %s by %s', (from, to, href) => {
    expect(hrefBetween(from, to)).toBe(href);
  });
});

describe('links', () => {
  it.each([
    ['docs/README.md', 'commands.md', 'commands.html'],
    ['docs/README.md', '../METHOD.md#symbols', '../METHOD.html#symbols'],
    ['README.md', 'docs/README.md', 'docs/'],
    ['METHOD.md', 'packages/vit', 'packages/vit/'],
    ['README.md', 'https://arxiv.org/abs/2210.16870', 'https://arxiv.org/abs/2210.16870'],
    ['README.md', 'LICENSE', 'https://github.com/twocan/twocan/blob/main/LICENSE'],
    ['docs/api.md', '../test', 'https://github.com/twocan/twocan/tree/main/test'],
  ])('of %s to %s becomes %s', (from, href, expected) => {
    expect(follow(from, href, paths)).toEqual({ href: expected });
  });

  it('takes a picture along', () => {
    const picture = 'docs/images/quick-start.png';
    expect(follow('README.md', picture, paths)).toEqual({ href: picture, copied: picture });
  });

  it('fails where a link leads nowhere', () => {
    expect(() => follow('README.md', 'docs/no.md', paths)).toThrow(
      'README.md: a link must lead to a file, got docs/no.md',
    );
  });
});

describe('the renderer', async () => {
  const highlighter = await loadHighlighter();
  const render = makeRenderer(highlighter);
  const keep = (href: string) => ({ href });

  it('gives headings the anchors of GitHub, each once', () => {
    const { headings } = render('# A `b` & c\n\n## Same\n\ntext\n\n## Same\n', keep);
    expect(headings.map(({ id }) => id)).toEqual(['a-b--c', 'same', 'same-1']);
  });

  it('colours code by classes, without a style of its own', () => {
    const { html } = render('```ts\nconst a = 1;\n```\n', keep);
    expect(html).not.toContain('style=');
    const name = /<span class="(c-\w+)">const/.exec(html)?.[1];
    expect(name).toBeDefined();
    expect(highlighter.css()).toContain(`.${name}`);
  });

  it('shows HTML as text where it is not allowed', () => {
    expect(render('<script>a()</script>', keep).html).not.toContain('<script>');
  });

  it('makes no heading of an empty corner of a table', () => {
    const { html } = render('|   | b |\n| - | - |\n| c | d |\n', keep);
    expect(html).toContain('<td></td>');
    expect(html).toContain('<th>b</th>');
  });

  it('keeps the words under each heading for the search', () => {
    const { sections } = render('# One\n\nfirst `x`\n\n## Two\n\n- second\n', keep);
    expect(sections.map(({ text }) => text)).toEqual(['first x', 'second']);
  });
});
