{# A view of the schema `analytics`, or, with the target `exports`, the model that says the same of exported files. #}
{% macro analytics(view) -%}
    {% if target.name == 'exports' %}{{ ref('exported_' ~ view) }}{% else %}{{ source('analytics', view) }}{% endif %}
{%- endmacro %}

{# Rows of the files that `manifest.json` names in the folder of the var `exports`: of one topic, or of every topic of
   events. What else lies there may not be whole. #}
{% macro exported(topic=none) -%}
    {% if execute and not var('exports') -%}
        {{ exceptions.raise_compiler_error("--vars '{exports: FOLDER}' names the folder of `hookline export`") }}
    {%- endif %}
    {%- set folder = var('exports').rstrip('/') | replace("'", "''") %}
    {%- set query -%}
        SELECT part.file FROM (SELECT unnest(parts) AS part FROM read_json('{{ folder }}/manifest.json'))
        WHERE part.file IS NOT NULL AND NOT part.topic LIKE '%.analytics.v1'
            AND {{ "part.topic = '" ~ topic ~ "'" if topic else 'true' }}
    {%- endset %}
    {%- set files = run_query(query).columns[0].values() if execute else [''] %}
    {%- if not files -%}
        {{ exceptions.raise_compiler_error(var('exports') ~ " has no file of " ~ (topic or "any topic of events")) }}
    {%- endif %}
    {%- set comma = joiner(', ') -%}
    read_parquet([{% for file in files %}{{ comma() }}'{{ folder }}/{{ file | replace("'", "''") }}'{% endfor %}], union_by_name = true)
{%- endmacro %}
