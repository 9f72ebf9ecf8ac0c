// The search in the header. What it searches is loaded when one first goes there.

import MiniSearch from './minisearch.js';

const MOST = 12;
const box = document.querySelector('search');
const input = box.querySelector('input');
const found = box.querySelector('.found');
const status = found.querySelector('p');
const list = found.querySelector('ul');
const root = new URL(box.dataset.root, location.href);

let loading;
const load = () => {
  loading ??= fetch(new URL(box.dataset.index, location.href))
    .then((response) => response.json())
    .then((sections) => {
      const search = new MiniSearch({
        idField: 'href',
        fields: ['title', 'of', 'text'],
        storeFields: ['title', 'of'],
        searchOptions: {
          boost: { title: 4, of: 2 },
          prefix: true,
          fuzzy: 0.15,
          combineWith: 'AND',
        },
      });
      search.addAll(sections);
      return search;
    });
  return loading;
};

function show(results) {
  const count = results.length === 1 ? '1 place' : `${results.length} places`;
  status.textContent = results.length > MOST ? `${count}, the first ${MOST}:` : `${count}`;
  list.replaceChildren(
    ...results.slice(0, MOST).map(({ id, title, of }) => {
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.href = new URL(id, root).href;
      link.textContent = title;
      const where = document.createElement('small');
      where.textContent = of === title ? '' : of;
      link.append(where);
      item.append(link);
      return item;
    }),
  );
}

async function look() {
  const query = input.value.trim();
  if (query.length > 1) {
    const search = await load();
    if (query !== input.value.trim()) return;
    show(search.search(query));
  }
  found.hidden = query.length < 2;
}

box.hidden = false;
input.addEventListener('focus', load);
input.addEventListener('input', look);
box.addEventListener('keydown', (event) => {
  const links = [...list.querySelectorAll('a')];
  const at = links.indexOf(document.activeElement);
  if (event.key === 'Escape') {
    found.hidden = true;
    input.focus();
  } else if (event.key === 'ArrowDown') links[Math.min(at + 1, links.length - 1)]?.focus();
  else if (event.key === 'ArrowUp') (links[at - 1] ?? input).focus();
  else return;
  event.preventDefault();
});
document.addEventListener('focusin', ({ target }) => {
  if (!box.contains(target)) found.hidden = true;
});
document.addEventListener('click', ({ target }) => {
  if (!box.contains(target)) found.hidden = true;
});
document.addEventListener('keydown', (event) => {
  const isTyping = /^(input|textarea|select)$/i.test(event.target.tagName);
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    input.focus();
  }
});
