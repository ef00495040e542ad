CREATE TABLE "edc"."data_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"owner" text NOT NULL,
	"wrapped" "bytea",
	"key_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"destroyed_at" timestamp with time zone,
	CONSTRAINT "data_keys_destroyed" CHECK (("edc"."data_keys"."destroyed_at" is null) = ("edc"."data_keys"."wrapped" is not null and "edc"."data_keys"."key_id" is not null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX "data_keys_owner" ON "edc"."data_keys" USING btree ("owner");--> statement-breakpoint
CREATE INDEX "data_keys_key" ON "edc"."data_keys" USING btree ("key_id","id");