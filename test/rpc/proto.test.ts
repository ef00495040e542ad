import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The services' contracts as they were released; made anew with a release by `npm run protos:baseline`. */
const BASELINE = join(ROOT, 'test', 'rpc', 'baseline.binpb');

// A copy of the protos alone: what is generated or broken here is seen by nobody else.
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(ROOT, '.cache', 'protos-'));
  for (const name of ['buf.yaml', 'buf.gen.yaml']) cpSync(join(ROOT, name), join(copy, name));
  for (const path of protos()) cpSync(join(ROOT, path), join(copy, path));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function filesEndingWith(...ends: string[]): string[] {
  const all = readdirSync(join(ROOT, 'services'), { recursive: true, encoding: 'utf8' });
  return all.filter((name) => ends.some((end) => name.endsWith(end))).map((name) => join('services', name));
}
const protos = () => filesEndingWith('.proto');

function buf(...args: string[]): { status: number | null; output: string } {
  const env = { ...process.env, PATH: `${join(ROOT, 'node_modules', '.bin')}:${process.env['PATH']}` };
  const { status, stdout, stderr } = spawnSync('buf', args, { cwd: copy, env, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

/** Runs `check` while a proto of the copy reads differently. */
function changed(proto: string, [from, to]: [string, string], check: () => void): void {
  const path = join(copy, proto);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
  try {
    check();
  } finally {
    writeFileSync(path, text);
  }
}

describe('the protos', () => {
  it('keep the rules of buf', () => {
    expect(buf('lint')).toEqual({ status: 0, output: '' });
  });

  it('are what the generated code was generated from', () => {
    expect(buf('generate')).toEqual({ status: 0, output: '' });
    const generated = filesEndingWith('_pb.js', '_pb.d.ts');
    expect(generated).toHaveLength(protos().length * 2);
    for (const path of generated) expect(readFileSync(join(ROOT, path), 'utf8'), path).toBe(readFileSync(join(copy, path), 'utf8'));
  });

  it('break nothing that callers of the last release rely on', () => {
    expect(buf('breaking', '--against', BASELINE)).toEqual({ status: 0, output: '' });
  });

  it('would be found to: a field that is taken away, a method that is renamed', () => {
    changed('services/patient/patient.proto', ['  string site_id = 8;\n', ''], () => {
      expect(buf('breaking', '--against', BASELINE)).toMatchObject({ status: 100, output: expect.stringContaining('site_id') });
    });
    changed('services/site/site.proto', ['rpc GetSite(', 'rpc FetchSite('], () => {
      expect(buf('breaking', '--against', BASELINE)).toMatchObject({ status: 100, output: expect.stringContaining('GetSite') });
    });
  });

  it('mark every read, and nothing else, as free of side effects', () => {
    const READ = /^(Get|BatchGet|List|Find|Search|Check|Judge)/;
    for (const path of protos().filter((proto) => !proto.includes('/standard/'))) {
      const rpcs = readFileSync(join(ROOT, path), 'utf8').matchAll(/rpc (\w+)\([^;{]*?(;|{\s*option idempotency_level = NO_SIDE_EFFECTS;)/g);
      for (const [, name, end] of rpcs) expect(end !== ';', `${path}: ${name}`).toBe(READ.test(name!));
    }
  });
});
