import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** In this order, before all others: one that begins last keeps a core waiting. */
const LONGEST = [
  'slow/walks', 'slow/fresh-checkout', 'slow/split', 'once/cap', 'start/ending', 'start/refusals', 'replay/swapped-steps', 'faults/steps', 'faults/compensations', 'ops/audit', 'ops/keys',
  'walks/walks', 'once/kill-9', 'canary/canary', 'outages/temporal', 'concealment/concealment', 'races/withdrawal-against-steps', 'races/signature', 'races/deadlines',
];

/** Files that take long are begun first, so that all workers end at about the same time. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
