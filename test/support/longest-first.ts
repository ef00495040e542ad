import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that run for a minute or more though there is little in them: begun last, one would run on alone. */
const LONG = ['faults/steps', 'once/cap', 'faults/compensations', 'replay/swapped-steps', 'once/kill-9', 'walks/walks'];

/** Largest files first, as ever, but what takes long before them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((name) => moduleId.endsWith(`/test/${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
