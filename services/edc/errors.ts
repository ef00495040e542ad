import { DomainError } from '../common/index.ts';

export const casebookExists = () =>
  new DomainError('conflict', 'casebook_exists', 'This enrollment has a casebook already.');

export const eproExists = () =>
  new DomainError('conflict', 'epro_schedule_exists', 'This enrollment has an ePRO schedule already.');

export const dataCollectionStopped = () =>
  new DomainError('conflict', 'data_collection_stopped', 'Data collection of this enrollment has been stopped.');
