{# The days that figures of some days are counted over: whole days (UTC), by the vars `days` and `until`. #}
{% macro window_end() -%}
    {{ modules.datetime.date.fromisoformat(var('until') or run_started_at.strftime('%Y-%m-%d')) }}
{%- endmacro %}

{% macro window_begin() -%}
    {{ modules.datetime.date.fromisoformat(window_end()) - modules.datetime.timedelta(days=var('days') | int) }}
{%- endmacro %}

{# Whether a time with a zone is on one of these days. #}
{% macro in_window(column) -%}
    {{ column }} >= CAST('{{ window_begin() }} 00:00:00+00' AS timestamptz)
    AND {{ column }} < CAST('{{ window_end() }} 00:00:00+00' AS timestamptz)
{%- endmacro %}

{# Whether a day is one of them. #}
{% macro day_in_window(column) -%}
    {{ column }} >= CAST('{{ window_begin() }}' AS date) AND {{ column }} < CAST('{{ window_end() }}' AS date)
{%- endmacro %}
