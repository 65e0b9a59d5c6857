-- Who may do what is in schemas/privileges.py: `hookline db migrate` brings it about after the migrations.
SELECT;
