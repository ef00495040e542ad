const NOTHING = /[\p{M}\p{Cf}]/u;
const NARROW = /[fijlrt.,:;|!'()[\] ]/;
const WIDE = /[MWmw@%]/;
const CAPITAL = /[A-Z\u00c0-\u10ff]/;
const BOLD = 1.1;

/** How wide one character is, in em, in the widest of the common sans-serif fonts: nobody knows which one there is. */
function charWidth(char: string): number {
  if (NOTHING.test(char)) return 0;
  if ((char.codePointAt(0) ?? 0) >= 0x1100 || WIDE.test(char)) return 1;
  if (NARROW.test(char)) return 0.45;
  return CAPITAL.test(char) ? 0.78 : 0.64;
}

export type Face = { size: number; bold?: boolean };

/** How wide this text is, in pixels, at most. */
export function widthOf(text: string, { size, bold = false }: Face): number {
  return Array.from(text).reduce((width, char) => width + charWidth(char), 0) * size * (bold ? BOLD : 1);
}

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** The characters as a reader sees them: an accent is never torn from its letter. */
const charactersOf = (text: string) => Array.from(SEGMENTER.segment(text), ({ segment }) => segment);

/** Breaks a text into lines of at most `width` pixels: at white space (not at U+00A0), and inside what is too long for a line. */
export function wrap(text: string, face: Face & { width: number }): string[] {
  const lines: string[] = [];
  let line = '';
  const fits = (candidate: string) => widthOf(candidate, face) <= face.width;
  for (const word of text.split(/[ \t\r\n]+/).filter((one) => one !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (fits(longer)) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    for (const char of charactersOf(word)) {
      if (line !== '' && !fits(line + char)) {
        lines.push(line);
        line = '';
      }
      line += char;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** The first characters of a text, with a sign that there were more. */
export function shortened(text: string, most: number): string {
  const chars = charactersOf(text);
  return chars.length <= most ? text : `${chars.slice(0, most - 1).join('')}…`;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/**
 * A text for an XML document, in content or an attribute. What XML 1.0 can't hold is left out, and so is what turns the
 * direction of a text: a number behind it would be shown backwards.
 */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u202a-\u202e\u2066-\u2069]/gu, '')
    .replaceAll(/[&<>"']/g, (char) => ESCAPES[char] ?? '');
}
