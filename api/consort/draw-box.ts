import { type Item, inWords } from './boxes.ts';
import { escapeXml, type Face, shortened, wrap } from './text.ts';

const HEAD: Face = { size: 15, bold: true };
const LINE: Face = { size: 14 };
const LEADING = 20;
const PADDING = 12;
const INDENT = 16;
/** A criterion may be a whole paragraph; the title of its box has all of it. */
const LONGEST_LABEL = 120;

export const INK = '#1b1f24';

export type TextLine = { text: string; face: Face; indent: number };
export type Box = { item: Item; x: number; y: number; width: number; height: number; lines: TextLine[] };

/** Lays an item out as a box of this width; its height follows from the lines that its parts need. */
export function boxAt(item: Item, { x, y, width }: { x: number; y: number; width: number }): Box {
  const lines = [
    ...linesOf(item, { face: HEAD, indent: 0, width }),
    ...(item.of ?? []).flatMap((part) => [
      ...linesOf(part, { face: LINE, indent: 0, width }),
      ...(part.of ?? []).flatMap((one) => linesOf(one, { face: LINE, indent: INDENT, width })),
    ]),
  ];
  return { item, x, y, width, height: lines.length * LEADING + 2 * PADDING, lines };
}

function linesOf({ label, n }: Item, { face, indent, width }: { face: Face; indent: number; width: number }): TextLine[] {
  const text = `${shortened(label, LONGEST_LABEL)} (n\u00a0=\u00a0${n})`;
  return wrap(text, { ...face, width: width - 2 * PADDING - indent }).map((line) => ({ text: line, face, indent }));
}

/** The box as a group with its own title, which says the same in words. */
export function drawBox({ item, x, y, width, height, lines }: Box): string {
  const texts = lines.map(({ text, face, indent }, index) => drawText(text, { x: x + PADDING + indent, y: y + PADDING + index * LEADING + 15, face }));
  return [
    '<g>',
    `<title>${escapeXml(inWords(item))}</title>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="#ffffff" stroke="${INK}" stroke-width="1.5"/>`,
    ...texts,
    '</g>',
  ].join('\n');
}

/** One line of text; `y` is its baseline. */
export function drawText(text: string, { x, y, face }: { x: number; y: number; face: Face }): string {
  const weight = face.bold ? ' font-weight="bold"' : '';
  return `<text x="${x}" y="${y}" font-size="${face.size}"${weight}>${escapeXml(text)}</text>`;
}

type Point = { x: number; y: number };

/** A line through these points, with an arrowhead at the last one when it says so. */
export function drawLine(points: readonly Point[], { arrow }: { arrow: boolean }): string {
  const path = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join(' ');
  const line = `<path d="${path}" fill="none" stroke="${INK}" stroke-width="1.5"/>`;
  const [from, to] = points.slice(-2);
  if (!arrow || !from || !to) return line;
  const head = from.x === to.x ? `l-5 -9 h10 z` : `l-9 -5 v10 z`;
  return `${line}\n<path d="M${to.x} ${to.y} ${head}" fill="${INK}"/>`;
}

