import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { grpc } from './grpc.ts';
import { rest } from './rest.ts';
import { trial } from './trial.ts';
import { workflows } from './workflows.ts';

/** Every dashboard, by the name of its file in `dashboards/`. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = { rest, grpc, workflows, trial };

/** The text of a dashboard's file, as Grafana's provisioning reads it. */
export const textOf = (one: Dashboard): string => `${JSON.stringify(one, null, 1)}\n`;
