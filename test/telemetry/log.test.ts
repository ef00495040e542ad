// Real: pino, OpenTelemetry, the process's own Node. A stream of the test's own takes what standard output would.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../runtime/logging.ts';
import { contextOf, inSpan, withinFields } from '../../services/common/index.ts';

type Line = Record<string, unknown>;

function logging(): { log: ReturnType<typeof createLog>; lines: Line[] } {
  const lines: Line[] = [];
  const log = createLog('info', { serviceName: 'trial-enrollment-study', to: { write: (text: string) => void lines.push(JSON.parse(text) as Line) } });
  return { log, lines };
}

const parent = contextOf({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });

describe('a line of the log', () => {
  it('is JSON with ISO time, the level as a word and the service, and outside of any call nothing more', () => {
    const { log, lines } = logging();
    log.warn({ code: 'a_code' }, 'said');
    expect(lines).toEqual([{ level: 'warn', timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/), service_name: 'trial-enrollment-study', code: 'a_code', msg: 'said' }]);
  });

  it('says in which trace it is, for which request and of whom, by the call that it is written in', async () => {
    const { log, lines } = logging();
    await inSpan('outer', { parent, fields: { request_id: 'r-1', attempt: 2 } }, async (span) => {
      await Promise.resolve();
      withinFields({ enrollment_id: '01a22c69-b974-776a-a765-c673f84c624d' }, () => log.info('said'));
      expect(lines[0]).toMatchObject({ trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: span.spanContext().spanId, request_id: 'r-1', attempt: 2, enrollment_id: '01a22c69-b974-776a-a765-c673f84c624d' });
    });
    log.info('afterwards');
    expect(lines[1]).not.toHaveProperty('trace_id');
    expect(lines[1]).not.toHaveProperty('request_id');
  });

  it('holds what is on the list of what may be said and nothing else, wherever it comes from', () => {
    const { log, lines } = logging();
    log.info({ code: 'x', name: 'Wang Fang', identifiers: ['11010519491231002X'], params: ['13800001111'], status: { name: 'Wang Fang' }, route: ['Wang Fang'] }, 'said');
    const { level, timestamp, service_name, msg, ...rest } = lines[0]!;
    expect([level, typeof timestamp, service_name, msg]).toEqual(['info', 'string', 'trial-enrollment-study', 'said']);
    expect(rest).toEqual({ code: 'x' });
  });

  it('of an error has its name, code and frames, never its message or what hangs on it', () => {
    const { log, lines } = logging();
    const error = Object.assign(new TypeError('insert into patients values (Wang Fang)'), { code: '23505', params: ['Wang Fang'], cause: new Error('Wang Fang') });
    log.error(error);
    log.error({ error }, 'failed');
    log.error({ error: { name: 'E', message: 'Wang Fang', detail: 'Wang Fang' } }, 'failed');
    log.error({ error: 'Wang Fang' }, 'failed');
    expect(JSON.stringify(lines)).not.toContain('Wang Fang');
    expect(lines).toMatchObject([
      { level: 'error', error: { name: 'TypeError', code: '23505', frames: expect.arrayContaining([expect.stringContaining('log.test.ts')]) } },
      { error: { name: 'TypeError', code: '23505' } },
      { error: { name: 'E' } },
      { error: { type: 'string' } },
    ]);
  });

  it('has Temporal’s members under our names, and no text longer than 300', () => {
    const { log, lines } = logging();
    log.warn({ workflowId: 'w-1', runId: 'r-1', activityType: 'reserveSlot', taskQueue: 'site', namespace: 'default', route: 'x'.repeat(1000) }, 'said');
    expect(lines[0]).toMatchObject({ workflow_id: 'w-1', run_id: 'r-1', activity: 'reserveSlot', queue: 'site', route: 'x'.repeat(300) });
    expect(lines[0]).not.toHaveProperty('namespace');
  });
});

describe('for people', () => {
  const printed = (terminal: boolean) => {
    const program = `Object.defineProperty(process.stdout, 'isTTY', { value: ${terminal} }); const { createLog } = await import('./runtime/logging.ts'); createLog('info').info({ code: 'a_code' }, 'said'); process.exit(0);`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }).stdout;
  };

  it('it is pretty on a terminal, and JSON anywhere else', () => {
    expect(JSON.parse(printed(false))).toMatchObject({ msg: 'said', code: 'a_code' });
    expect(printed(true)).toMatch(/INFO.*said.*a_code/s);
  });
});
