import { type Cells, cellsOf, type DataKey } from '../../db/index.ts';

// Where each sealed value of a person's stands. The names are part of what is sealed: renamed, nothing opens any more.
export const patientCells = (key: DataKey | null | undefined, patientId: string): Cells => cellsOf(key, { table: 'patients', row: patientId });

export const identifierCells = (key: DataKey | null | undefined, id: string): Cells => cellsOf(key, { table: 'patient_identifiers', row: id });

export const historyCells = (key: DataKey | null | undefined, id: string): Cells => cellsOf(key, { table: 'history_entries', row: id });

export const consentCells = (key: DataKey | null | undefined, consentId: string): Cells => cellsOf(key, { table: 'consents', row: consentId });

export const signerCells = (key: DataKey | null | undefined, { consentId, position }: { consentId: string; position: number }): Cells =>
  cellsOf(key, { table: 'consent_signers', row: `${consentId}/${position}` });
