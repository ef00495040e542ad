import { DefaultFailureConverter } from '@temporalio/common';

/** Messages and stacks of failures go through the codec, too; a failure's type, which is a code of ours, stays readable. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
