import type { DescField, DescMessage, DescMethod, DescService, Message } from '@bufbuild/protobuf';
import type { Caller, RpcTable } from '../../../services/common/rpc/index.ts';
import { toMessage } from '../../../services/common/rpc/convert.ts';

type Verbs = Record<string, (call: never) => Promise<unknown>>;
export type Samples = Record<string, { key?: string; input: object; ctx: object }[]>;
type Asked = { verb: string; input: object; answer: unknown };

/** Every sample over the wire, with its answer. Commands go under their keys, so they may have been carried out before. */
export async function answersTo(table: RpcTable<never>, at: { clientOf: (caller: Caller) => object; samples: Samples }): Promise<Asked[]> {
  const all: Asked[] = [];
  for (const [verb, samples] of Object.entries(at.samples)) {
    const call = (at.clientOf(table[verb]!.callers[0]!) as Verbs)[verb]!;
    for (const sample of samples) all.push({ verb, input: sample.input, answer: await call(sample as never) });
  }
  return all;
}

/**
 * What the samples leave out: fields of requests and answers that none of them sets, or that may be without a value and
 * never are. Empty means that each field crossed the wire in each of its states.
 */
export function notSampled<D extends DescService>(desc: D, table: RpcTable<D>, asked: Asked[]): string[] {
  const states = new Map<DescField, Set<string>>();
  for (const method of desc.methods) for (const one of [method.input, method.output]) register(one, states);
  for (const { verb, input, answer } of asked) {
    const { method, result } = table[verb]!;
    const { input: request, output: response } = desc.method[method] as DescMethod;
    mark(toMessage(request, input), request, states);
    mark(toMessage(response, (result === undefined ? answer : { [result]: answer }) as object), response, states);
  }
  return [...states].flatMap(([field, seen]) =>
    (mayBeUnset(field) ? ['set', 'unset'] : ['set']).filter((state) => !seen.has(state)).map((state) => `${field.parent.typeName}.${field.name} ${state}`),
  );
}

const mayBeUnset = (field: DescField) => field.fieldKind !== 'list' && field.fieldKind !== 'map' && field.proto.proto3Optional;
const ownMessage = ({ message }: DescField) => (message && !message.typeName.startsWith('google.') ? message : undefined);

function register(desc: DescMessage, states: Map<DescField, Set<string>>): void {
  for (const field of desc.fields) {
    if (states.has(field)) continue;
    states.set(field, new Set());
    const message = ownMessage(field);
    if (message) register(message, states);
  }
}

function mark(message: Message, desc: DescMessage, states: Map<DescField, Set<string>>): void {
  for (const field of desc.fields) {
    const held = (message as unknown as Record<string, unknown>)[field.localName];
    const isSet = field.fieldKind === 'list' || field.fieldKind === 'map' ? Object.keys(held as object).length > 0 : held !== undefined;
    states.get(field)!.add(isSet ? 'set' : 'unset');
    const inner = ownMessage(field);
    if (isSet && inner) for (const one of Array.isArray(held) ? (held as Message[]) : [held as Message]) mark(one, inner, states);
  }
}
