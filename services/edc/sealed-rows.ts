import { type Cells, cellsOf, type DataKey } from '../../db/index.ts';

// Where each text in somebody's own words stands. The names are part of what is sealed: renamed, nothing opens any more.
// Owner is the enrollment, not the participant: trial data outlive the erasure of who the participant was.
type Key = DataKey | null | undefined;

export const resultCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'screening_results', row: id });

export const screeningCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'screenings', row: id });

export const casebookCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'casebooks', row: id });

export const eproCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'epro_schedules', row: id });
