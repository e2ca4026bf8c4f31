-- Who may do what in PostgreSQL: each process has a user of its own, and none more than it needs. Run once, or again, in the service's database
-- by an administrator: psql --dbname tonghop --file roles.sql; then \password for each of the three. Also where the tables are there already.
--   tonghop_migrate    owns everything: `tonghop migrate`, and the commands that make figures anew (rebuild, verify, restore, resume)
--   tonghop_projector  writes rows of the log and its figures, and can't so much as read accounts: `tonghop projector`
--   tonghop_api        reads, also on a standby; writes accounts, sessions, tokens, receipts and imports, adds to the audit log: `tonghop api`
\set ON_ERROR_STOP on
BEGIN;
DO $$
DECLARE
    named text;
BEGIN
    FOREACH named IN ARRAY ARRAY['tonghop_migrate', 'tonghop_projector', 'tonghop_api'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = named) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', named);
        END IF;
    END LOOP;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT tonghop_migrate TO %I', current_user); -- whoever gives things away to it must be able to be it
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO tonghop_migrate', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO tonghop_projector, tonghop_api', current_database());
END
$$;

-- What the service has made before, by whatever user: schemas of generations, tables, views.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT nspname AS schema FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO tonghop_migrate', found.schema);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO tonghop_projector, tonghop_api', found.schema);
    END LOOP;
    FOR found IN
        SELECT nspname AS schema, relname AS name FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'v', 'm') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    LOOP
        EXECUTE format('ALTER TABLE %I.%I OWNER TO tonghop_migrate', found.schema, found.name);
        EXECUTE format('GRANT SELECT ON %I.%I TO tonghop_projector, tonghop_api', found.schema, found.name);
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I.%I TO tonghop_projector', found.schema, found.name);
    END LOOP;
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- What it makes from now on: a rebuild makes a schema beside the one in force, and the others must find it open to them.
ALTER DEFAULT PRIVILEGES FOR ROLE tonghop_migrate GRANT USAGE ON SCHEMAS TO tonghop_projector, tonghop_api;
ALTER DEFAULT PRIVILEGES FOR ROLE tonghop_migrate GRANT SELECT ON TABLES TO tonghop_projector, tonghop_api;
ALTER DEFAULT PRIVILEGES FOR ROLE tonghop_migrate GRANT INSERT, UPDATE, DELETE ON TABLES TO tonghop_projector;

-- What is not made from the log. `tonghop migrate` runs this, too (projections/store/schema/privileges.py): for tables that it has just made.
-- accounts {
DO $$
DECLARE
    found record;
    written CONSTANT jsonb := '{
        "account": "INSERT, UPDATE", "token": "INSERT, UPDATE", "audit": "INSERT",
        "invitation": "INSERT, UPDATE, DELETE", "session": "INSERT, UPDATE, DELETE", "attempt": "INSERT, UPDATE, DELETE",
        "receipt": "INSERT, UPDATE, DELETE", "import": "INSERT, UPDATE, DELETE", "import_page": "INSERT, UPDATE, DELETE"
    }';
BEGIN
    FOR found IN
        SELECT relname AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND written ? relname AND pg_has_role(relowner, 'USAGE')
    LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tonghop_projector') THEN
            EXECUTE format('REVOKE ALL ON public.%I FROM tonghop_projector', found.name);
        END IF;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tonghop_api') THEN
            EXECUTE format('REVOKE ALL ON public.%I FROM tonghop_api', found.name);
            EXECUTE format('GRANT SELECT, %s ON public.%I TO tonghop_api', written ->> found.name, found.name);
        END IF;
    END LOOP;
END
$$;
-- } accounts
COMMIT;
