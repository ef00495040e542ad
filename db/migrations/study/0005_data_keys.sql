CREATE TABLE "study"."data_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"owner" text NOT NULL,
	"wrapped" "bytea",
	"key_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"destroyed_at" timestamp with time zone,
	CONSTRAINT "data_keys_destroyed" CHECK (("study"."data_keys"."destroyed_at" is null) = ("study"."data_keys"."wrapped" is not null and "study"."data_keys"."key_id" is not null))
);
--> statement-breakpoint
CREATE UNIQUE INDEX "data_keys_owner" ON "study"."data_keys" USING btree ("owner");--> statement-breakpoint
CREATE INDEX "data_keys_key" ON "study"."data_keys" USING btree ("key_id","id");