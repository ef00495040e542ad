export type Element = { name: string; attributes: Record<string, string>; children: Element[]; text: string };

const TOKEN = /<(?:(?<closes>\/)?(?<name>[A-Za-z][\w:-]*)(?<attributes>(?:\s+[A-Za-z][\w:-]*="[^"<]*")*)\s*(?<empty>\/)?)>|(?<text>[^<]+)/y;
// What XML 1.0 can't hold, and references other than the five that need no declaration.
// eslint-disable-next-line no-control-regex
const NEVER = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|&(?!(?:amp|lt|gt|quot|apos);)/u;
const NAMES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'" };
const plain = (text: string) => text.replaceAll(/&\w+;/g, (name) => NAMES[name] ?? '');

/** The root element of a document of elements, attributes and text alone; throws at the first thing that is not well-formed. */
export function parseXml(document: string): Element {
  const wrong = document.match(NEVER);
  if (wrong) throw new Error(`not allowed in XML, at ${wrong.index}: ${JSON.stringify(wrong[0])}`);
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < document.length) {
    const from = TOKEN.lastIndex;
    const groups = TOKEN.exec(document)?.groups;
    const at = open.at(-1);
    if (!groups || !at) throw new Error(`not well-formed at ${from}: ${document.slice(from, from + 40)}`);
    const { closes, name = '', attributes = '', empty, text } = groups;
    if (text !== undefined) {
      if (at === root && text.trim() !== '') throw new Error(`text outside of the root: ${text}`);
      at.text += plain(text);
    } else if (closes) {
      if (name !== at.name || attributes !== '') throw new Error(`</${name}> closes <${at.name}>`);
      open.pop();
    } else {
      const element: Element = { name, attributes: attributesOf(attributes), children: [], text: '' };
      at.children.push(element);
      if (!empty) open.push(element);
    }
  }
  const [only, more] = root.children;
  if (open.length !== 1 || !only || more) throw new Error('not exactly one root, or not closed');
  return only;
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, plain(value)] as const);
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length) throw new Error(`the same attribute twice: ${text}`);
  return Object.fromEntries(pairs);
}

/** All elements of this name, in the order of the document. */
export function elementsOf(root: Element, name: string): Element[] {
  return [...(root.name === name ? [root] : []), ...root.children.flatMap((child) => elementsOf(child, name))];
}
