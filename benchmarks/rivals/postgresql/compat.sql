-- What the models' SQL calls and PostgreSQL lacks, or calls by another name. Only for the
-- benchmark: the product does not build on PostgreSQL.
create domain string as text;
create domain double as double precision;

create function epoch(timestamp) returns double precision
language sql immutable return extract(epoch from $1);

create function round(double precision, integer) returns numeric
language sql immutable return round(cast($1 as numeric), $2);

create function instr(text, text) returns integer
language sql immutable return strpos($1, $2);

create function regexp_extract(text, text, integer) returns text
language sql immutable return coalesce((regexp_match($1, $2))[$3], '');

create function range(bigint, bigint) returns setof bigint
language sql immutable as 'select generate_series($1, $2 - 1)';

create function count_true(bigint, boolean) returns bigint
language sql immutable return $1 + case when $2 then 1 else 0 end;
create aggregate count_if(boolean) (
    sfunc = count_true, stype = bigint, initcond = '0', combinefunc = int8pl,
    parallel = safe
);

create function as_bigint(boolean) returns bigint
language sql immutable return cast(cast($1 as integer) as bigint);
create cast (boolean as bigint) with function as_bigint(boolean);

-- A text that is of a type, NULL where it is not.
create function try_text(value text, kind text) returns text
language plpgsql stable as $$
begin
    execute format('select cast($1 as %s)', kind) using value;
    return value;
exception when others then
    return null;
end
$$;
