/** What is wrong with a trail. */
export const FINDING_KINDS = [
  /** An entry does not say (any more) what its hash or its seal is over. */
  'entry_altered',
  'entry_removed',
  /** An entry that was not there when its seal was made. */
  'entry_inserted',
  /** An entry stands at the place of another one. */
  'entry_moved',
  /** An entry does not follow the one that it names as the one before it. */
  'link_broken',
  'seal_altered',
  'seal_removed',
  /** Signed by a key that is not among those of this installation. */
  'seal_key_unknown',
] as const;

export type Finding = {
  kind: (typeof FINDING_KINDS)[number];
  /** Of an entry: its id, number and record as far as they are known. Of a seal: its number. */
  entry?: { id?: string; number?: number; entity?: string; entityId?: string; position?: number };
  seal?: number;
};

/** Findings with a bound: there is no use in a million of them, but in their number. */
export class Findings {
  readonly first: Finding[] = [];
  count = 0;
  readonly #most: number;

  constructor(most = 1000) {
    this.#most = most;
  }

  add(finding: Finding): void {
    this.count += 1;
    if (this.first.length < this.#most) this.first.push(finding);
  }
}
