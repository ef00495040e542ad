import { replaceModules } from '../stand-ins.ts';

/**
 * `node --import` this, and the process runs without what protects the data: stand-ins for a few modules, for the side
 * that the cost of protection is measured against. There is no setting of the system that comes to this.
 */
replaceModules(import.meta.url, {
  'db/encryption/vault.ts': 'vault.ts',
  'runtime/temporal-codec/data-converter.ts': 'data-converter.ts',
  'services/common/assertion.ts': 'assertion.ts',
  'services/common/authority/authorise.ts': 'authorise.ts',
});
