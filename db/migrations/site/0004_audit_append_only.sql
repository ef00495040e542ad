-- The trail is appended to, never changed (21 CFR 11.10(e)): whoever tries is told so, the owner of the table as well.
CREATE FUNCTION "site"."refuse_change_of_audit"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;--> statement-breakpoint
CREATE TRIGGER "audit_entries_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "site"."audit_entries" FOR EACH STATEMENT EXECUTE FUNCTION "site"."refuse_change_of_audit"();--> statement-breakpoint
REVOKE UPDATE, DELETE, TRUNCATE ON "site"."audit_entries" FROM CURRENT_USER;
