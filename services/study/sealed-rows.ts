import { type Cells, cellsOf, type DataKey, SERVICE_OWNER } from '../../db/index.ts';

// Where each text in somebody's own words stands. The names are part of what is sealed: renamed, nothing opens any more.
// Owner is the enrollment, not the participant: trial data outlive the erasure of who the participant was.
type Key = DataKey | null | undefined;

export const enrollmentCells = (key: Key, enrollmentId: string): Cells => cellsOf(key, { table: 'enrollments', row: enrollmentId });

export const logLineCells = (key: Key, enrollmentId: string): Cells => cellsOf(key, { table: 'screening_log', row: enrollmentId });

export const milestoneCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'milestones', row: id });

export const deviationCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'deviations', row: id });

export const decisionCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'eligibility_decisions', row: id });

export const codeBreakCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'code_breaks', row: id });

export const correctionCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'baseline_corrections', row: id });

export const unblindingCells = (key: Key, id: string): Cells => cellsOf(key, { table: 'unblindings', row: id });

export const approvalCells = (key: Key, unblindingId: string): Cells => cellsOf(key, { table: 'unblinding_approvals', row: unblindingId });

/** Whose key seals what is said of an unblinding: the subject's, or the service's own where it is the whole study. */
export const unblindingOwner = ({ enrollmentId }: { enrollmentId: string | null }): string => enrollmentId ?? SERVICE_OWNER;
