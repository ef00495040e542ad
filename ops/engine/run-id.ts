const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const WORKFLOW_ID = /^(enrollment|withdrawal|code-break|incident|bulk-retry)\/[\w.@/-]{1,200}$/;

/** Is it the id of an enrollment? */
export const isEnrollmentId = (text: string): boolean => UUID.test(text);

/** What the commands take: the id of an enrollment, or a workflow id. Both are safe to stand in a query. */
export const isRunId = (text: string): boolean => isEnrollmentId(text) || WORKFLOW_ID.test(text);
