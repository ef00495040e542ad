CREATE TABLE "site"."data_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"owner" text NOT NULL,
	"wrapped" "bytea",
	"key_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"destroyed_at" timestamp with time zone,
	CONSTRAINT "data_keys_destroyed" CHECK (("site"."data_keys"."destroyed_at" is null) = ("site"."data_keys"."wrapped" is not null and "site"."data_keys"."key_id" is not null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX "data_keys_owner" ON "site"."data_keys" USING btree ("owner");--> statement-breakpoint
CREATE INDEX "data_keys_key" ON "site"."data_keys" USING btree ("key_id","id");