{# Fails for every row of which `condition` is not true; one of which it is unknown (null) passes. #}
{% test always(model, condition) %}
SELECT * FROM {{ model }} WHERE NOT ({{ condition }})
{% endtest %}
