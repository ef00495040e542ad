const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** How operators name a run: by the id of an enrollment, or by a workflow id. Both are safe to stand in a query. */
export const RUN_ID = new RegExp(`^(${UUID}|(enrollment|withdrawal|code-break|incident|bulk-retry)/[\\w.@/-]{1,200})$`);
const ENROLLMENT_ID = new RegExp(`^${UUID}$`);

/** Is it the id of an enrollment? */
export const isEnrollmentId = (text: string): boolean => ENROLLMENT_ID.test(text);
