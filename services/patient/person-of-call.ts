import { read } from '../../db/index.ts';
import type { PatientDeps } from './deps.ts';
import { findPerson } from './person-view.ts';

type Person = Awaited<ReturnType<typeof findPerson>>;

const readBefore = new WeakMap<object, { person: Person }>();

/** The person whom a call is about, kept for the verb of that very call (by its input): one query for guard and verb. */
export async function readForCall({ db }: PatientDeps, input: { patientId: string }): Promise<Person> {
  const person = await read(db, (orm) => findPerson(db, orm, input.patientId));
  readBefore.set(input, { person });
  return person;
}

/** What the guard of this call has read a moment ago; read now where none was asked. */
export async function personOfCall(deps: PatientDeps, input: { patientId: string }): Promise<Person> {
  const before = readBefore.get(input);
  readBefore.delete(input);
  return before ? before.person : read(deps.db, (orm) => findPerson(deps.db, orm, input.patientId));
}
