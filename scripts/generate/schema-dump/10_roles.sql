-- Roles of our own and who may become them.
select format('create role %I%s;', role.rolname,
    case when role.rolcanlogin then ' login' else ' nologin' end
    || case when role.rolbypassrls then ' bypassrls' else '' end
    || case when role.rolinherit then '' else ' noinherit' end) as line
from pg_catalog.pg_roles as role
where role.rolname like 'nff\_%'
union all
select format('grant %I to %I;', granted.rolname, member.rolname)
from pg_catalog.pg_auth_members as membership
join pg_catalog.pg_roles as granted on granted.oid = membership.roleid
join pg_catalog.pg_roles as member on member.oid = membership.member
where granted.rolname like 'nff\_%' or member.rolname like 'nff\_%'
group by 1
order by 1
