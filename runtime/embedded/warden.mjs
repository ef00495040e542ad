// A process of its own: it outlives its parent by a few seconds, to end the parent's children when the parent was killed.
// It reads one JSON message a line from the parent: {"guard": {pid, startTime, signal}} or {"forget": pid}.
// The end of that pipe is the end of the parent, whichever way it came.
import { createInterface } from 'node:readline';
import { isRunning } from '../setup/process-identity.mjs';

const GRACE_MS = 3_000;
const POLL_MS = 50;

const children = new Map();

function signalChild(child, signal) {
  if (!isRunning(child)) return;
  try {
    process.kill(child.pid, signal);
  } catch (error) {
    // ESRCH: it ended between the look and the signal, which is what was wanted.
    if (error.code !== 'ESRCH') throw error;
  }
}

async function endChildren() {
  for (const child of children.values()) signalChild(child, child.signal);
  const deadline = Date.now() + GRACE_MS;
  while (Date.now() < deadline && [...children.values()].some(isRunning)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  for (const child of children.values()) signalChild(child, 'SIGKILL');
}

// Only the end of the parent ends the warden.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    if (message.guard) children.set(message.guard.pid, message.guard);
    else children.delete(message.forget);
  })
  .on('close', () => void endChildren());
