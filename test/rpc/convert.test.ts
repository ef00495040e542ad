// How what the domain passes around becomes a message, and comes back from its bytes.
import { type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ActorSchema } from '../../services/common/rpc/common_pb.js';
import { fromMessage, toMessage } from '../../services/common/rpc/convert.ts';
import { EnteredResultSchema, GetScreeningResponseSchema } from '../../services/edc/edc_pb.js';
import { AmendPatientRequestSchema, PatientSchema, SignedConsentSchema } from '../../services/patient/patient_pb.js';
import { GetSiteResponseSchema, ListSitesRequestSchema, SiteSchema } from '../../services/site/site_pb.js';
import { AddProtocolVersionRequestSchema, ListStudiesRequestSchema } from '../../services/study/study_pb.js';

function overTheWire(desc: DescMessage, value: object): Record<string, unknown> {
  return fromMessage(desc, fromBinary(desc, toBinary(desc, toMessage(desc, value))));
}

const SITE = { id: 'i', siteId: 's', code: 'C', name: 'N', timezone: 'UTC', createdAt: 'now' };

describe('a field that may be null', () => {
  it.each([
    ['null', { address: null }, null],
    ['absent', {}, null],
    ['undefined', { address: undefined }, null],
    ['empty', { address: '' }, ''],
    ['set', { address: '东路 1' }, '东路 1'],
  ])('text: %s', (_, given, address) => {
    expect(overTheWire(SiteSchema, { ...SITE, ...given })).toEqual({ ...SITE, address });
  });

  it.each([
    ['null', { screening: null }],
    ['absent', {}],
  ])('message: %s is null', (_, given) => {
    expect(overTheWire(GetScreeningResponseSchema, given)).toEqual({ screening: null });
  });

  it('message: one whose every field is empty is there', () => {
    const screening = { screeningId: '', status: '', consentSignedAt: '', revision: 0, items: [], results: [] };
    expect(overTheWire(GetScreeningResponseSchema, { screening })).toEqual({ screening });
  });
});

describe('a field that may be absent', () => {
  it('is left out when it is absent or undefined, and stays when it is empty', () => {
    expect(overTheWire(ListSitesRequestSchema, { limit: 10 })).toEqual({ limit: 10 });
    expect(overTheWire(ListSitesRequestSchema, { cursor: undefined, limit: 0 })).toEqual({ limit: 0 });
    expect(overTheWire(ListSitesRequestSchema, { cursor: '', limit: 10 })).toEqual({ cursor: '', limit: 10 });
  });

  it('a message in a message, too: left out, or there although it is empty', () => {
    expect(overTheWire(ActorSchema, { kind: 'workflow', workflow: 'w' })).toEqual({ kind: 'workflow', workflow: 'w' });
    const onBehalfOf = { id: '', name: '', role: '' };
    expect(overTheWire(ActorSchema, { kind: 'workflow', onBehalfOf })).toEqual({ kind: 'workflow', onBehalfOf });
  });

  it.each([
    ['text', ListSitesRequestSchema, { cursor: null }, /ListSitesRequest\.cursor can't be null/],
    ['a number', ListSitesRequestSchema, { limit: null }, /ListSitesRequest\.limit can't be null/],
    ['a message', GetSiteResponseSchema, { site: null }, /GetSiteResponse\.site can't be null/],
    ['a list', PatientSchema, { siteIds: null }, /Patient\.siteIds can't be null/],
    ['JSON', ListStudiesRequestSchema, { studyIds: null }, /ListStudiesRequest\.studyIds can't be null/],
  ])('null is refused: %s', (_, desc: DescMessage, given, message) => {
    expect(() => toMessage(desc, given)).toThrow(TypeError);
    expect(() => toMessage(desc, given)).toThrow(message);
  });
});

describe('a field that is always there', () => {
  it('reads as empty, 0 or false when nobody has set it', () => {
    expect(overTheWire(EnteredResultSchema, {})).toEqual({ item: '', unit: null, performedAt: '', standardOfCare: false, reason: null, enteredAt: '', current: false });
  });

  it.each([0, 1, -1, 2 ** 31 - 1, -(2 ** 31)])('a whole number: %i', (limit) => {
    expect(overTheWire(ListSitesRequestSchema, { limit })).toEqual({ limit });
  });

  it.each([2 ** 31, 0.5, Number.NaN])('no such number is passed on as another: %o', (limit) => {
    expect(() => overTheWire(ListSitesRequestSchema, { limit })).toThrow();
  });
});

describe('lists and maps', () => {
  const PATIENT = { id: 'p', name: 'N', idCard: null, mobile: null, email: null, dateOfBirth: null, sex: null, version: 1 };

  it('an absent list and an empty one look the same: empty', () => {
    for (const given of [PATIENT, { ...PATIENT, siteIds: [], identifiers: [] }]) {
      expect(overTheWire(PatientSchema, given)).toMatchObject({ siteIds: [], identifiers: [] });
    }
  });

  it('keep their order, repetitions and empty members, of text and of messages', () => {
    const identifiers = [{ type: 'b', country: 'CN', value: '' }, { type: 'a', country: '', value: 'ü' }, { type: 'b', country: 'CN', value: '' }];
    expect(overTheWire(PatientSchema, { ...PATIENT, siteIds: ['b', '', 'a', 'b'], identifiers })).toMatchObject({ siteIds: ['b', '', 'a', 'b'], identifiers });
  });

  it('a member that has a field too many is refused', () => {
    expect(() => toMessage(PatientSchema, { identifiers: [{ type: 't', country: 'CN', value: 'v', more: 1 }] })).toThrow(/Identifier has no field more/);
  });

  it('a map keeps its keys, false ones too', () => {
    const decisions = { participation: true, futureResearch: false, 'mit Ümläut': true };
    expect(overTheWire(SignedConsentSchema, { version: '1', decisions })).toMatchObject({ decisions });
    expect(overTheWire(SignedConsentSchema, { version: '1', decisions: {} })).toMatchObject({ decisions: {} });
  });
});

describe('JSON', () => {
  const BODY = { text: '患者 🩺 \u0000 "\\', empty: '', zero: 0, minus: -1.5, big: 2 ** 53, yes: true, no: false, none: null, list: [], nested: { list: [null, [1, { deep: null }], 'x'], object: {} } };

  it('an object comes back as it was: null, nesting, unicode, empty ones', () => {
    expect(overTheWire(AddProtocolVersionRequestSchema, { studyId: 's', protocol: BODY })).toEqual({ studyId: 's', protocol: BODY });
    expect(overTheWire(AddProtocolVersionRequestSchema, { studyId: 's', protocol: {} })).toEqual({ studyId: 's', protocol: {} });
  });

  it('in an object null is a value of its own, which an absent key is not', () => {
    const { changes } = overTheWire(AmendPatientRequestSchema, { patientId: 'p', expectedVersion: 1, changes: { mobile: null, name: undefined } });
    expect(changes).toEqual({ mobile: null });
    expect(Object.keys(changes as object)).toEqual(['mobile']);
  });

  it.each([['text', '88'], ['empty text', ''], ['a number', 88.5], ['zero', 0], ['true', true], ['false', false], ['a list', ['a', null, 1]], ['an empty list', []], ['an object', BODY]])('a value: %s', (_, value) => {
    expect(overTheWire(EnteredResultSchema, { item: 'AGE', value })).toMatchObject({ item: 'AGE', value });
  });

  it('an absent value and an empty list are told apart', () => {
    expect(overTheWire(ListStudiesRequestSchema, { limit: 1 })).toEqual({ limit: 1 });
    expect(overTheWire(ListStudiesRequestSchema, { limit: 1, studyIds: [] })).toEqual({ limit: 1, studyIds: [] });
  });

  it('keys that are names in JavaScript are keys, and nothing else', () => {
    const protocol = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1, "toString": "x"}') as object;
    const back = overTheWire(AddProtocolVersionRequestSchema, { protocol })['protocol'] as object;
    expect(JSON.parse(JSON.stringify(back))).toEqual(JSON.parse(JSON.stringify(protocol)));
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});

describe('what a message has no place for', () => {
  it.each([
    ['a key that it has not', { ...SITE, colour: 'red' }, /site\.v1\.Site has no field colour/],
    ['the name as it is in the .proto file', { site_id: 's' }, /site\.v1\.Site has no field site_id/],
    ['a key that every object has', { ['constructor']: 1 }, /site\.v1\.Site has no field constructor/],
  ])('is refused, not lost: %s', (_, given, message) => {
    expect(() => toMessage(SiteSchema, given)).toThrow(TypeError);
    expect(() => toMessage(SiteSchema, given)).toThrow(message);
  });

  it('but undefined is nothing, whatever its key', () => {
    expect(overTheWire(SiteSchema, { ...SITE, colour: undefined })).toEqual({ ...SITE, address: null });
  });
});
