/** The little of XMLHttpRequest that is used: Node's types have none of a page's. */
type Request = {
  readonly status: number;
  readonly responseText: string;
  readonly open: (method: string, url: string, asynchronous: boolean) => void;
  readonly overrideMimeType: (type: string) => void;
  readonly send: () => void;
};

/**
 * The bytes of a file of the checkout: read from the disk in Node, fetched from the server in a page.
 *
 * At once in both, so that suites can look into a golden while they are being described. A page may
 * ask so for text only, and in this character set the low byte of each character is a byte of the file.
 *
 * @param url of the file, relative to `import.meta.url`
 * @returns its bytes
 * @throws Error where there is no such file
 */
export function readBytes(url: URL): Uint8Array {
  // No import, which a page could not follow.
  const fs = globalThis.process?.getBuiltinModule?.('node:fs');
  if (fs !== undefined) return new Uint8Array(fs.readFileSync(url));
  const { XMLHttpRequest } = globalThis as unknown as { XMLHttpRequest: new () => Request };
  const request = new XMLHttpRequest();
  request.open('GET', url.href, false);
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  if (request.status !== 200) {
    throw new Error(`readBytes: the file must be served, got status ${request.status} for ${url}`);
  }
  return Uint8Array.from(request.responseText, (character) => character.charCodeAt(0) & 0xff);
}
