import { describe, expect, it } from 'vitest';
import { readConfig } from '../../runtime/config.ts';
import { StartupError } from '../../runtime/embedded/startup-error.ts';
import { settingsOf } from '../../runtime/settings.ts';

const origins = (env: Record<string, string>) => settingsOf(readConfig(env)).edge.rules.temporalUiOrigins;

describe('whose scripts may have payloads opened', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['without a word the embedded UI’s', {}, ['http://127.0.0.1:8233']],
    ['wherever that is', { TEMPORAL_UI_PORT: '9000' }, ['http://127.0.0.1:9000']],
    ['not those that may call the API', { CORS_ORIGINS: 'https://scripts.example' }, ['http://127.0.0.1:8233']],
    ['nobody’s beside a Temporal server of one’s own', { TEMPORAL_ADDRESS: 'temporal.example:7233' }, []],
    ['those that are named, and no other', { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_UI_ORIGINS: 'https://a.example,https://b.example:8443' }, ['https://a.example', 'https://b.example:8443']],
  ])('%s', (_what, env, expected) => {
    expect(origins(env)).toEqual(expected);
  });

  it.each(['*', 'https://*.example', 'https://a.example/', 'a.example', 'https://a.example, https://b.example'])('never by a pattern or a path: %s', (value) => {
    expect(() => origins({ TEMPORAL_UI_ORIGINS: value })).toThrow(StartupError);
  });
});
