// node runtime/setup/debian-program.mjs PROGRAM PACKAGE: has a program installed where it is missing and can be, by apt,
// as root or with sudo. For checks of configurations, in continuous integration; the tests that need it say so without.
import { spawnSync } from 'node:child_process';

const [program = '', name = ''] = process.argv.slice(2);
const runs = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

if (!runs('sh', '-c', `command -v ${program}`) && process.platform === 'linux' && runs('apt-get', '--version')) {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args) => {
    const [command, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 }).status === 0;
  };
  const install = () => apt('install', '-y', '--no-install-recommends', name);
  console.error(`set-up: installing ${program} (Debian’s package ${name})`);
  if (!install() && !(apt('update') && install())) console.error(`set-up: ${program} could not be installed; its tests will say so.`);
}
