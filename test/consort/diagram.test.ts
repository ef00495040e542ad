import { describe, expect, it } from 'vitest';
import { type Diagram, drawConsort } from '../../api/consort/draw-consort.ts';
import { flowOf } from '../../services/study/consort/flow-of.ts';
import type { ConsortFlow } from '../../services/study/types.ts';
import { NOW } from '../services/study/fixture.ts';
import { type Element, elementsOf, parseXml } from './xml.ts';

const EMPTY = flowOf({ standings: [], refusals: [], failures: [], randomises: true }, NOW);
const MANY: ConsortFlow = flowOf(
  {
    standings: [
      { stage: 'screening', outcome: 'open', expiry: null, followedUp: false, allocated: false, n: 4 },
      { stage: 'screening', outcome: 'screen_failed', expiry: null, followedUp: false, allocated: false, n: 30 },
      { stage: 'eligibility', outcome: 'expired', expiry: 'eligibility_signature', followedUp: false, allocated: false, n: 2 },
      { stage: 'consent', outcome: 'declined', expiry: null, followedUp: false, allocated: false, n: 1000 },
      { stage: 'activation', outcome: 'active', expiry: null, followedUp: false, allocated: true, n: 8 },
      { stage: 'activation', outcome: 'withdrawn', expiry: null, followedUp: true, allocated: true, n: 3 },
      { stage: 'activation', outcome: 'open', expiry: null, followedUp: false, allocated: true, n: 1 },
    ],
    refusals: [{ reason: 'other', n: 5 }],
    failures: [
      { criteria: Array.from({ length: 25 }, (_, index) => ({ code: `E${index}`, text: 'WOMEN of childbearing potential '.repeat(index + 1) })), n: 29 },
      { criteria: [{ code: 'W'.repeat(40), text: '肾小球滤过率低于三十'.repeat(20) }], n: 1 },
    ],
    randomises: true,
  },
  NOW,
);
const ARMS = [{ code: 'A', allocated: 6, withdrawn: 1, active: 4 }, { code: 'M'.repeat(40), allocated: 6, withdrawn: 2, active: 4 }];
const STUDY = { code: 'ONC-101', title: 'A trial' };
const DIAGRAMS: [string, Diagram][] = [
  ['an empty study', { study: STUDY, flow: EMPTY, partial: false }],
  ['a study of many reasons', { study: STUDY, flow: MANY, partial: true }],
  ['a study that does not randomise', { study: STUDY, flow: { ...MANY, randomises: false }, partial: false }],
  ['ten unblinded arms', { study: STUDY, flow: { ...MANY, arms: Array.from({ length: 5 }, () => ARMS).flat() }, partial: false }],
  ['a title that is markup', { study: { code: 'A.B-1', title: `</svg><script>"&'\u0001\uffff\ud800\u202e ${'糖尿病'.repeat(80)}` }, flow: MANY, partial: false }],
];

const numbers = ({ attributes }: Element, ...names: string[]) => names.map((name) => Number(attributes[name]));
/** Not the measure that the drawing uses: characters by the size of the font, those of Chinese as wide as high. */
const roughWidth = ({ text, attributes }: Element) =>
  Array.from(text).reduce((width, char) => width + (char > '\u2e80' ? 1 : attributes['font-weight'] ? 0.6 : 0.55), 0) * Number(attributes['font-size']);
const boxesIn = (svg: Element) => elementsOf(svg, 'g');
const titlesOf = (svg: Element) => boxesIn(svg).map(({ children }) => children[0]!.text);

describe.each(DIAGRAMS)('the diagram of %s', (_what, diagram) => {
  const text = drawConsort(diagram);
  const svg = parseXml(text);

  it('is well-formed, runs nothing, has no style and loads nothing from elsewhere', () => {
    const names = new Set(['svg', 'title', 'desc', 'rect', 'text', 'g', 'path']);
    const walk = (one: Element): Element[] => [one, ...one.children.flatMap(walk)];
    for (const { name, attributes } of walk(svg)) {
      expect(names).toContain(name);
      const values = Object.entries(attributes).filter(([attribute]) => attribute !== 'xmlns');
      expect(values.filter(([attribute, value]) => /^on|href|style/i.test(attribute) || /url\(|:\/\//.test(value))).toEqual([]);
    }
    expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    expect(svg.attributes['xmlns']).toBe('http://www.w3.org/2000/svg');
  });

  it('says in words what it shows', () => {
    const [title, desc] = svg.children;
    expect(svg.attributes).toMatchObject({ role: 'img', 'aria-labelledby': `${title!.attributes['id']} ${desc!.attributes['id']}` });
    expect([title!.name, desc!.name]).toEqual(['title', 'desc']);
    expect(title!.text).toContain(diagram.study.code);
    for (const box of boxesIn(svg)) {
      expect(box.children[0]!.name).toBe('title');
      expect(desc!.text).toContain(box.children[0]!.text);
    }
  });

  it('has every text inside its box, of at least 13 pixels, and no two boxes on one another', () => {
    const [width, height] = numbers(svg, 'width', 'height') as [number, number];
    for (const line of elementsOf(svg, 'text')) {
      expect(Number(line.attributes['font-size'])).toBeGreaterThanOrEqual(13);
      expect(Number(line.attributes['x']) + roughWidth(line), line.text).toBeLessThanOrEqual(width);
    }
    const rects = boxesIn(svg).map((box) => {
      const [x, y, w, h] = numbers(elementsOf(box, 'rect')[0]!, 'x', 'y', 'width', 'height') as [number, number, number, number];
      for (const line of elementsOf(box, 'text')) {
        const [at, baseline, size] = numbers(line, 'x', 'y', 'font-size') as [number, number, number];
        expect(at).toBeGreaterThan(x);
        expect(at + roughWidth(line), line.text).toBeLessThan(x + w);
        expect(baseline - size).toBeGreaterThan(y);
        expect(baseline).toBeLessThan(y + h);
      }
      expect(x + w <= width && y + h <= height).toBe(true);
      return { x, y, w, h };
    });
    for (const [index, a] of rects.entries()) {
      for (const b of rects.slice(index + 1)) {
        expect(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y).toBe(true);
      }
    }
  });
});

describe('the diagram', () => {
  it('of an empty study has all its boxes, each with 0', () => {
    const titles = titlesOf(parseXml(drawConsort({ study: STUDY, flow: EMPTY, partial: false })));
    expect(titles).toHaveLength(6);
    for (const title of titles) expect(title.match(/\d+/g)?.every((n) => n === '0'), title).toBe(true);
  });

  it('says Enrolled where nobody is randomised, and Randomised where somebody is', () => {
    const fourth = (randomises: boolean) => titlesOf(parseXml(drawConsort({ study: STUDY, flow: { ...MANY, randomises }, partial: false })))[3];
    expect([fourth(true), fourth(false)]).toEqual(['Randomised: 12', 'Enrolled: 12']);
  });

  it('has one box for each arm, and none without arms', () => {
    const titles = (flow: ConsortFlow) => titlesOf(parseXml(drawConsort({ study: STUDY, flow, partial: false })));
    expect(titles(MANY).filter((title) => title.startsWith('Allocated'))).toEqual([]);
    const [first, second] = titles({ ...MANY, arms: ARMS }).slice(4);
    expect(first).toBe('Allocated to A: 6 (Withdrawn: 1; Active: 4; Activation under way: 1)');
    expect(second).toMatch(/^Allocated to M{40}: 6 /);
  });
});
