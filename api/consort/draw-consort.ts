import type { ConsortFlow } from '../../services/study/client.ts';
import { type Boxes, boxesOf, inWords } from './boxes.ts';
import { type Box, boxAt, drawBox, drawLine, drawText } from './draw-box.ts';
import { escapeXml, type Face, wrap } from './text.ts';

const MARGIN = 24;
const GAP = 32;
const LEFT = { x: MARGIN, width: 350 };
const RIGHT = { x: 430, width: 446 };
const WIDTH = RIGHT.x + RIGHT.width + MARGIN;
const ARM_WIDTH = 230;
const TITLE: Face = { size: 18, bold: true };
const NOTE: Face = { size: 13 };

/** `partial`: not all sites of the study are counted, because the reader may not see them all. */
export type Diagram = { study: { code: string; title: string }; flow: ConsortFlow; partial: boolean };
type Drawn = { svg: string[]; bottom: number };

/**
 * A CONSORT 2010 flow diagram as one SVG document: no script, nothing from elsewhere, and everything it shows also in
 * words. Boxes are as high as their text needs; arms are drawn only where the flow has them. Pure.
 */
export function drawConsort({ study, flow, partial }: Diagram): string {
  const boxes = boxesOf(flow);
  const width = Math.max(WIDTH, 2 * MARGIN + boxes.arms.length * (ARM_WIDTH + MARGIN) - MARGIN);
  const title = `CONSORT flow diagram: ${study.code}`;
  const notes = notesOf(flow, partial);
  const head = drawHead({ title, lines: [study.title, ...notes], width });
  const body = drawFlow(boxes, head.bottom + 8);
  const height = body.bottom + MARGIN;
  const { assessed, excluded, inProgress, entered, withdrawn, active, arms } = boxes;
  const told = [assessed, excluded, inProgress, entered, ...(arms.length > 0 ? arms : [withdrawn, active])].map(inWords);
  const description = [study.title, ...notes, ...told].map((one) => `${one.replace(/\.$/, '')}.`).join(' ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" lang="en" aria-labelledby="consort-title consort-desc" font-family="Arial, Helvetica, sans-serif" fill="#1b1f24">`,
    `<title id="consort-title">${escapeXml(title)}</title>`,
    `<desc id="consort-desc">${escapeXml(description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...head.svg,
    ...body.svg,
    '</svg>\n',
  ].join('\n');
}

function notesOf({ asOf, randomises, arms }: ConsortFlow, partial: boolean): string[] {
  return [
    `As of ${asOf.slice(0, 16).replace('T', ' ')} UTC. Enrollments are counted: who is screened again counts again.`,
    ...(randomises && !arms ? ['Arms are pooled.'] : []),
    ...(partial ? ['Only the sites within the reach of the reader are counted.'] : []),
  ];
}

function drawHead({ title, lines, width }: { title: string; lines: string[]; width: number }): Drawn {
  const svg: string[] = [];
  let y = MARGIN;
  const write = (text: string, face: Face) => {
    for (const line of wrap(text, { ...face, width: width - 2 * MARGIN })) {
      svg.push(drawText(line, { x: MARGIN, y: y + face.size, face }));
      y += Math.round(face.size * 1.4);
    }
  };
  write(title, TITLE);
  for (const line of lines) write(line, NOTE);
  return { svg, bottom: y };
}

/** Down the left side from assessed to what became of them; to the right who left and who is not there yet. */
function drawFlow({ assessed, excluded, inProgress, entered, withdrawn, active, arms }: Boxes, top: number): Drawn {
  const first = boxAt(assessed, { ...LEFT, y: top });
  const out = boxAt(excluded, { ...RIGHT, y: bottomOf(first) + GAP / 2 });
  const open = boxAt(inProgress, { ...RIGHT, y: bottomOf(out) + GAP / 2 });
  const pivot = boxAt(entered, { ...LEFT, y: bottomOf(open) + GAP / 2 });
  const upper = [...[first, out, open, pivot].map(drawBox), ...branch(first, pivot, [out, open])];
  if (arms.length > 0) {
    const row = arms.map((arm, index) => boxAt(arm, { x: MARGIN + index * (ARM_WIDTH + MARGIN), y: bottomOf(pivot) + 2 * GAP, width: ARM_WIDTH }));
    return { svg: [...upper, ...row.map(drawBox), ...split(pivot, row)], bottom: Math.max(...row.map(bottomOf)) };
  }
  const left = boxAt(withdrawn, { ...RIGHT, y: bottomOf(pivot) + GAP / 2 });
  const last = boxAt(active, { ...LEFT, y: bottomOf(left) + GAP / 2 });
  return { svg: [...upper, ...[left, last].map(drawBox), ...branch(pivot, last, [left])], bottom: bottomOf(last) };
}

const bottomOf = ({ y, height }: Box) => y + height;
const middleOf = ({ x, width }: Box) => x + width / 2;

/** From one box down to another, and from the way between them to those at the side. */
function branch(from: Box, to: Box, aside: readonly Box[]): string[] {
  const x = middleOf(from);
  const sideways = aside.map((box) => ({ x: box.x, y: box.y + box.height / 2 }));
  return [
    drawLine([{ x, y: bottomOf(from) }, { x, y: to.y }], { arrow: true }),
    ...sideways.map((end) => drawLine([{ x, y: end.y }, end], { arrow: true })),
  ];
}

/** From one box down to each of a row. */
function split(from: Box, row: readonly Box[]): string[] {
  const start = { x: middleOf(from), y: bottomOf(from) };
  return row.map((box) => drawLine([start, { x: start.x, y: start.y + GAP }, { x: middleOf(box), y: start.y + GAP }, { x: middleOf(box), y: box.y }], { arrow: true }));
}
