// Exit code 0 while the process of this container is ready: for the image's HEALTHCHECK, which has no curl.
const WITHIN_MS = 4000;

const port = process.env['PORT'] ?? '3000';
try {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(WITHIN_MS) });
  if (!answer.ok) console.error(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
} catch {
  console.error('no answer');
  process.exitCode = 1;
}
