import { registerHooks } from 'node:module';

/**
 * `node --import` this, and the process runs without what protects the data: stand-ins for a few modules, for the side
 * that the cost of protection is measured against. There is no setting of the system that comes to this.
 */
const STAND_INS: Record<string, string> = {
  'db/encryption/vault.ts': 'vault.ts',
  'runtime/temporal-codec/data-converter.ts': 'data-converter.ts',
  'services/common/assertion.ts': 'assertion.ts',
  'services/common/authority/authorise.ts': 'authorise.ts',
};

if (process.env['NODE_ENV'] === 'production') throw new Error('without protection nothing runs in production');

const standIns = new Map(Object.entries(STAND_INS).map(([real, file]) => [new URL(`../../../${real}`, import.meta.url).href, new URL(file, import.meta.url).href]));

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    const standIn = standIns.get(resolved.url);
    // The stand-in itself takes the rest of the module from the real one.
    return standIn === undefined || context.parentURL === standIn ? resolved : { ...resolved, url: standIn };
  },
});
