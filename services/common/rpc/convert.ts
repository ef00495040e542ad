import { create, type DescField, type DescMessage, fromJson, getOption, type JsonObject, type JsonValue, type Message, type MessageShape, toJson } from '@bufbuild/protobuf';
import { nullable } from './common_pb.js';

type Fields = Record<string, unknown>;

/**
 * What the domain passes around, as a message: the names are the same, what is `undefined` is left out, and null only
 * where the field is `nullable`. A list that is absent and an empty one look the same. Throws TypeError for anything that the message has no place for, so that nothing is
 * lost on the way unseen.
 */
export function toMessage<D extends DescMessage>(desc: D, value: object): MessageShape<D> {
  const message = create(desc);
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined) continue;
    const field = Object.hasOwn(desc.field, name) ? desc.field[name] : undefined;
    if (!field) throw new TypeError(`${desc.typeName} has no field ${name}`);
    if (given === null) mustBeNullable(field);
    else (message as unknown as Fields)[name] = toField(field, given);
  }
  return message;
}

/** The other way round: what is unset is null where the field is `nullable`, and left out elsewhere. */
export function fromMessage(desc: DescMessage, message: Message): Fields {
  const value: Fields = {};
  for (const field of desc.fields) {
    const name = field.localName;
    const held = (message as unknown as Fields)[name];
    if (held !== undefined) value[name] = fromField(field, held);
    else if (isNullable(field)) value[name] = null;
  }
  return value;
}

function toField(field: DescField, given: unknown): unknown {
  switch (field.fieldKind) {
    case 'list': {
      const { message } = field;
      return message ? (given as unknown[]).map((one) => toMember(message, one)) : given;
    }
    case 'message':
      // The one type that the library holds as plain JSON.
      return field.message.typeName === 'google.protobuf.Struct' ? withoutUndefined(given) : toMember(field.message, given);
    default:
      return given;
  }
}

function fromField(field: DescField, held: unknown): unknown {
  switch (field.fieldKind) {
    case 'list': {
      const { message } = field;
      return message ? (held as Message[]).map((one) => fromMember(message, one)) : held;
    }
    case 'message':
      return field.message.typeName === 'google.protobuf.Struct' ? held : fromMember(field.message, held as Message);
    default:
      return held;
  }
}

const isJson = (desc: DescMessage) => desc.typeName === 'google.protobuf.Struct' || desc.typeName === 'google.protobuf.Value';

function toMember(desc: DescMessage, given: unknown): Message {
  return isJson(desc) ? fromJson(desc, withoutUndefined(given)) : toMessage(desc, given as object);
}

function fromMember(desc: DescMessage, held: Message): unknown {
  return isJson(desc) ? toJson(desc, held) : fromMessage(desc, held);
}

function withoutUndefined(given: unknown): JsonValue & JsonObject {
  return JSON.parse(JSON.stringify(given)) as JsonObject;
}

const nullables = new WeakMap<DescField, boolean>();

function isNullable(field: DescField): boolean {
  let known = nullables.get(field);
  if (known === undefined) nullables.set(field, (known = getOption(field, nullable)));
  return known;
}

function mustBeNullable(field: DescField): void {
  if (!isNullable(field)) throw new TypeError(`${field.parent.typeName}.${field.localName} can't be null`);
}
