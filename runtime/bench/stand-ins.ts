import { registerHooks } from 'node:module';

/**
 * From now on modules of this process are replaced: by the path of the real one from the root, the file of the stand-in
 * beside `preload`. The stand-in itself may take the rest of the module from the real one.
 */
export function replaceModules(preload: string, files: Readonly<Record<string, string>>): void {
  if (process.env['NODE_ENV'] === 'production') throw new Error('with stand-ins nothing runs in production');
  const root = new URL('../../', import.meta.url);
  const standIns = new Map(Object.entries(files).map(([real, file]) => [new URL(real, root).href, new URL(file, preload).href]));
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      const standIn = standIns.get(resolved.url);
      return standIn === undefined || context.parentURL === standIn ? resolved : { ...resolved, url: standIn };
    },
  });
}
