import { type Context, context, createContextKey } from '@opentelemetry/api';

/** What a line of the log says of what it belongs to, under the names that it has there. Ids only. */
export type LogFields = Partial<
  Record<'request_id' | 'patient_id' | 'study_id' | 'site_id' | 'enrollment_id' | 'workflow_id' | 'activity', string> & { attempt: number }
>;

const KEY = createContextKey('fields of the log');

/** That context with these fields beside those that it has. */
export function withFields(within: Context, fields: LogFields): Context {
  return within.setValue(KEY, { ...fieldsOf(within), ...fields });
}

/** What the current call is about; nothing outside of any. */
export function currentFields(): LogFields {
  return fieldsOf(context.active());
}

/** What `work` comes to, with these fields in each line of the log that is written in it. */
export function withinFields<T>(fields: LogFields, work: () => T): T {
  return context.with(withFields(context.active(), fields), work);
}

const fieldsOf = (within: Context) => (within.getValue(KEY) as LogFields | undefined) ?? {};

const SUBJECTS = { patientId: 'patient_id', studyId: 'study_id', siteId: 'site_id', enrollmentId: 'enrollment_id' } as const;
/** Ids are ours (UUIDs); what else somebody may put into their place is not for the log. */
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whom and what an input is about, as far as it says so by an id: itself, or by the `identity` of an enrollment in it. */
export function subjectsOf(input: unknown): LogFields {
  if (typeof input !== 'object' || input === null) return {};
  const within = 'identity' in input ? subjectsOf(input.identity) : {};
  const named = Object.entries(SUBJECTS).flatMap(([member, field]) => {
    const id: unknown = (input as Record<string, unknown>)[member];
    return typeof id === 'string' && ID.test(id) ? [[field, id]] : [];
  });
  return { ...within, ...(Object.fromEntries(named) as LogFields) };
}
