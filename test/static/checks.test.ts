import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['workflows', 'activities', 'services', 'api', 'db', 'runtime', 'ops'];

function tool(name: string, args: string[], cwd = ROOT): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules', '.bin', name), args, { cwd, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

/** What the probes reach for, and a file in each folder that they stand in. */
const TARGETS = [
  'services/study/index.ts',
  'services/study/enrollments/open-enrollment.ts',
  'services/site/index.ts',
  'services/site/reserve-slot.ts',
  'services/common/index.ts',
  'activities/index.ts',
  'workflows/saga.ts',
  'db/connect.ts',
  'api/app.ts',
  'runtime/bench/without/vault.ts',
];

const importRules = () => tool('depcruise', ['--config', '.dependency-cruiser.json', ...FOLDERS]);

describe('the code, as the tools see it', () => {
  it('type-checks', { timeout: 240_000 }, () => {
    const { status, output } = tool('tsc', ['-p', '.']);
    expect(output).toBe('');
    expect(status).toBe(0);
  });

  it('has no lint findings', { timeout: 240_000 }, () => {
    const { status, output } = tool('oxlint', ['--type-aware', '--deny-warnings', '-f', 'unix']);
    expect(status, output).toBe(0);
  });

  it('keeps the import rules between the folders', { timeout: 240_000 }, () => {
    const { status, output } = importRules();
    expect(status, output).toBe(0);
  });

  it.each([
    ['workflows', "import '../services/study/index.ts';", 'workflows-only-types-of-activities'],
    ['workflows', "import { studyActivities } from '../activities/index.ts';\nstudyActivities;", 'workflows-activities-by-type'],
    ['workflows', "import 'zod';", 'workflow-packages'],
    ['activities', "import '../services/study/enrollments/open-enrollment.ts';", 'activities-through-the-public-face'],
    ['services/site', "import '../study/enrollments/open-enrollment.ts';", 'services-by-client-only'],
    ['services/site', "import '../../workflows/saga.ts';", 'services-know-no-process'],
    ['api', "import '../db/connect.ts';", 'api-never-touches-the-database'],
    ['api', "import '../services/site/reserve-slot.ts';", 'api-clients-and-messages-only'],
    ['db', "import '../services/common/index.ts';", 'db-imports-nobody'],
    ['runtime', "import './bench/without/vault.ts';", 'nothing-imports-the-bench'],
    ['ops', "import '../runtime/bench/without/vault.ts';", 'nothing-imports-the-bench'],
  ])('refuses in %s: %s', (folder, code, rule) => {
    // A small tree of its own: a probe among the sources would disturb whoever reads them meanwhile.
    const tree = mkdtempSync(join(ROOT, '.cache', 'import-rules-'));
    try {
      for (const target of TARGETS) {
        mkdirSync(join(tree, target, '..'), { recursive: true });
        writeFileSync(join(tree, target), 'export const studyActivities = 1;\n');
      }
      const probe = join(folder, 'probe.ts');
      mkdirSync(join(tree, folder), { recursive: true });
      writeFileSync(join(tree, probe), `${code}\n`);
      cpSync(join(ROOT, 'tsconfig.json'), join(tree, 'tsconfig.json'));
      const { status, output } = tool('depcruise', ['--config', join(ROOT, '.dependency-cruiser.json'), probe], tree);
      expect(status).not.toBe(0);
      expect(output).toContain(rule);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  });
});
