"""E9108: alarms on DynamoDB see the minutes in which nothing was refused."""

from cfnlint.rules import CloudFormationLintRule, RuleMatch

NAMESPACE = "AWS/DynamoDB"


class AlarmsOnTablesFillGaps(CloudFormationLintRule):
    """DynamoDB sends no zero, and CloudWatch keeps an alarm of its namespace in its state while data is missing, whatever
    TreatMissingData says: such an alarm reports once in its life."""

    id = "E9108"
    shortdesc = "An alarm on a metric of DynamoDB fills what is missing"
    description = "An alarm on AWS/DynamoDB evaluates an expression with FILL"
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"
    tags = ["postern"]

    def match(self, cfn):
        for name, alarm in cfn.get_resources("AWS::CloudWatch::Alarm").items():
            properties = alarm.get("Properties", {})
            metrics = [metric for metric in properties.get("Metrics", []) if isinstance(metric, dict)]
            plain = [metric for metric in metrics if of_tables(metric.get("MetricStat", {}).get("Metric", {}))]
            expressions = [str(metric.get("Expression", "")) for metric in metrics]
            unfilled = [metric for metric in plain if not any(f"FILL({metric.get('Id')}" in text for text in expressions)]
            if of_tables(properties) or unfilled:
                yield RuleMatch(["Resources", name], f"{name} never goes back to OK: its metric needs FILL")


def of_tables(metric):
    return metric.get("Namespace") == NAMESPACE
