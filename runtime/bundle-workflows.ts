import { buildWorkflowBundle } from './workflow-bundle.ts';

await buildWorkflowBundle();
