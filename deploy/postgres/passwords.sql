-- The passwords of the three users, out of files: docker-compose.yml lets PostgreSQL run this after roles.sql, when its data is made.
\set ON_ERROR_STOP on
\set migrate `cat /run/secrets/database_migrate`
\set projector `cat /run/secrets/database_projector`
\set api `cat /run/secrets/database_api`
ALTER ROLE tonghop_migrate PASSWORD :'migrate';
ALTER ROLE tonghop_projector PASSWORD :'projector';
ALTER ROLE tonghop_api PASSWORD :'api';
