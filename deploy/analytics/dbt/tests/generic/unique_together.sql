{# Fails for every combination of `columns` that is on more than one row. #}
{% test unique_together(model, columns) %}
SELECT {{ columns | join(', ') }}, count(*) AS rows_with_it
FROM {{ model }}
GROUP BY {{ columns | join(', ') }}
HAVING count(*) > 1
{% endtest %}
