// Has `promtool` installed where it is missing and can be: by apt, as root or with sudo. The tests of the rules need it,
// and say so where it is not there; nothing else does.
import { spawnSync } from 'node:child_process';

const runs = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

if (!runs('promtool', '--version') && process.platform === 'linux' && runs('apt-get', '--version')) {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args) => {
    const [command, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 }).status === 0;
  };
  const install = () => apt('install', '-y', '--no-install-recommends', 'prometheus');
  console.error('set-up: installing promtool (Debian’s package prometheus)');
  if (!install() && !(apt('update') && install())) console.error('set-up: promtool could not be installed; its tests will say so.');
}
