import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../ops/main.ts', import.meta.url));

/** The operators' command line as a process of its own, on the data of this folder. */
export function opsOn(dataDir: string, more: Record<string, string> = {}) {
  return (args: string[], { kill }: { kill?: AbortSignal } = {}): Promise<{ code: number | null; out: string; err: string }> => {
    const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, DATA_DIR: dataDir, LOG_LEVEL: 'silent', ...more }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    kill?.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  };
}
