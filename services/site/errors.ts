import { DomainError } from '../common/index.ts';

export const siteCodeTaken = () => new DomainError('conflict', 'site_code_taken', 'Another site has this code.');

export const protocolVersionNotFound = () =>
  new DomainError('invalid', 'protocol_version_not_found', 'The study has no protocol version of this name.');

export const capBelowTaken = (taken: number) =>
  new DomainError('conflict', 'cap_below_taken', 'The cap may not be lower than the places that are taken.', {
    details: { taken },
  });

export const tooManyApprovals = (max: number) =>
  new DomainError('conflict', 'too_many_approvals', `A site may have at most ${max} approved protocol versions in a study.`);

export const slotAlreadyHeld = () =>
  new DomainError('conflict', 'slot_already_held', 'This enrollment holds a place already.');

export const slotConfirmed = () =>
  new DomainError('conflict', 'slot_confirmed', 'A confirmed place cannot be released.');
