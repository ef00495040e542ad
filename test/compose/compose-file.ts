import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { PARTS, type Part } from '../../runtime/part.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

type Condition = 'service_healthy' | 'service_completed_successfully' | 'service_started';
export type Container = {
  image: string;
  build?: { context: string; target?: string };
  user?: string;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  network_mode?: string;
  tmpfs?: string[];
  profiles?: string[];
  depends_on?: Record<string, { condition: Condition }>;
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number };
  restart?: string;
  read_only?: boolean;
  privileged?: boolean;
  cap_add?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  deploy?: { resources?: { limits?: { cpus?: string; memory?: string } } };
  pids_limit?: number;
};

/** What is written in the repository. */
export const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

/** `docker-compose.yml` as it is when its anchors are filled in. */
export const compose = parse(read('docker-compose.yml'), { merge: true, maxAliasCount: 1000 }) as {
  services: Record<string, Container>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
};

export const containers = Object.entries(compose.services);

/** Which part of the application a container runs; its own words, as `start:split` gives them to a process. */
export function partOf({ image, command = [] }: Container): Part | undefined {
  if (!image.startsWith('trial-enrollment:') || command[1] !== 'runtime/main.ts') return undefined;
  return PARTS.find((part) => part === (command[2] === 'worker' ? command[4] : command[2]));
}

/** A mount of a container: a volume by its name, or a path of the repository. */
export function mountsOf({ volumes = [] }: Container): { source: string; target: string; readOnly: boolean }[] {
  return volumes.map((text) => {
    const [source = '', target = '', mode] = text.split(':');
    return { source, target, readOnly: mode === 'ro' };
  });
}

/** The port of a container that is listened on, of all that its own configuration says. */
export const hostAndPort = (text: string): { host: string; port: number } => {
  const { hostname, port, protocol } = new URL(text.includes('://') ? text : `tcp://${text}`);
  return { host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
};
