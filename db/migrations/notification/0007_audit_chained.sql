CREATE TABLE "notification"."audit_seals" (
	"number" integer PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"after" bigint NOT NULL,
	"up_to" bigint NOT NULL,
	"entries" "bytea" NOT NULL,
	"root" "bytea" NOT NULL,
	"previous" "bytea" NOT NULL,
	"key_id" text NOT NULL,
	"signature" "bytea" NOT NULL
);
--> statement-breakpoint
DROP INDEX "notification"."audit_entries_entity";--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ADD COLUMN "trace_id" text;--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ADD COLUMN "number" bigint;--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ADD COLUMN "position" integer;--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ADD COLUMN "previous" "bytea";--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ADD COLUMN "hash" "bytea";--> statement-breakpoint
CREATE UNIQUE INDEX "audit_entries_number" ON "notification"."audit_entries" USING btree ("number");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_entries_stream" ON "notification"."audit_entries" USING btree ("entity_id","entity","position");--> statement-breakpoint
CREATE INDEX "audit_entries_command" ON "notification"."audit_entries" USING btree ("command_key" text_pattern_ops);--> statement-breakpoint
CREATE SEQUENCE "notification"."audit_numbers";--> statement-breakpoint
-- A text and its length in bytes, so that no two rows come to the same texts in another division.
CREATE FUNCTION "notification"."audit_field"(field text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN field IS NULL THEN '-,' ELSE octet_length(convert_to(field, 'UTF8')) || ':' || field || ',' END
$$;--> statement-breakpoint
-- The same as db/audit/entry-hash.ts, which verifies it.
CREATE FUNCTION "notification"."audit_hash"(entry "notification"."audit_entries") RETURNS bytea LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN sha256(convert_to(concat(
    "notification"."audit_field"('trial-enrollment/audit/1'), "notification"."audit_field"('notification'), "notification"."audit_field"(entry.number::text), "notification"."audit_field"(entry.position::text),
    "notification"."audit_field"(encode(entry.previous, 'hex')), "notification"."audit_field"(entry.id::text),
    "notification"."audit_field"(to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    "notification"."audit_field"(entry.action), "notification"."audit_field"(entry.verb), "notification"."audit_field"(entry.entity), "notification"."audit_field"(entry.entity_id),
    "notification"."audit_field"(entry.actor::text), "notification"."audit_field"(encode(sha256(entry.details), 'hex')), "notification"."audit_field"(entry.owner),
    "notification"."audit_field"(entry.request_id), "notification"."audit_field"(entry.command_key), "notification"."audit_field"(entry.trace_id)), 'UTF8'));
END $$;--> statement-breakpoint
-- Each entry carries the hash of the one before it about the same record. Whoever seals waits for those who write, by the first lock.
CREATE FUNCTION "notification"."chain_audit_entry"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last record;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('trial-enrollment/audit/notification')::bigint);
  PERFORM pg_advisory_xact_lock(hashtext('trial-enrollment/audit/notification'), hashtext(NEW.entity || '/' || NEW.entity_id));
  SELECT e.position, e.hash INTO last FROM "notification"."audit_entries" e
    WHERE e.entity = NEW.entity AND e.entity_id = NEW.entity_id ORDER BY e.position DESC LIMIT 1;
  NEW.number := nextval('"notification"."audit_numbers"');
  NEW.position := coalesce(last.position, 0) + 1;
  NEW.previous := coalesce(last.hash, ''::bytea);
  NEW.at := clock_timestamp();
  NEW.hash := "notification"."audit_hash"(NEW);
  RETURN NEW;
END $$;--> statement-breakpoint
-- What is there already is chained as it stands, oldest first.
ALTER TABLE "notification"."audit_entries" DISABLE TRIGGER "audit_entries_append_only";--> statement-breakpoint
GRANT UPDATE ON "notification"."audit_entries" TO CURRENT_USER;--> statement-breakpoint
DO $$
DECLARE
  entry "notification"."audit_entries";
  last record;
BEGIN
  FOR entry IN SELECT * FROM "notification"."audit_entries" ORDER BY at, id LOOP
    SELECT e.position, e.hash INTO last FROM "notification"."audit_entries" e
      WHERE e.entity = entry.entity AND e.entity_id = entry.entity_id AND e.position IS NOT NULL ORDER BY e.position DESC LIMIT 1;
    entry.number := nextval('"notification"."audit_numbers"');
    entry.position := coalesce(last.position, 0) + 1;
    entry.previous := coalesce(last.hash, ''::bytea);
    UPDATE "notification"."audit_entries" SET number = entry.number, position = entry.position, previous = entry.previous, hash = "notification"."audit_hash"(entry) WHERE id = entry.id;
  END LOOP;
END $$;--> statement-breakpoint
REVOKE UPDATE ON "notification"."audit_entries" FROM CURRENT_USER;--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ENABLE TRIGGER "audit_entries_append_only";--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ALTER COLUMN "number" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ALTER COLUMN "position" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ALTER COLUMN "previous" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "notification"."audit_entries" ALTER COLUMN "hash" SET NOT NULL;--> statement-breakpoint
CREATE TRIGGER "audit_entries_chained" BEFORE INSERT ON "notification"."audit_entries" FOR EACH ROW EXECUTE FUNCTION "notification"."chain_audit_entry"();--> statement-breakpoint
CREATE TRIGGER "audit_seals_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "notification"."audit_seals" FOR EACH STATEMENT EXECUTE FUNCTION "notification"."refuse_change_of_audit"();--> statement-breakpoint
REVOKE UPDATE, DELETE, TRUNCATE ON "notification"."audit_seals" FROM CURRENT_USER;