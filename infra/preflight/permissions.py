"""What the deploying identity must be allowed, by the types of the template's resources: what CloudFormation calls in their name to make,
change and delete them."""

# What `sam deploy` itself calls, and the bucket that it makes.
OF_SAM = {
    "arn:{p}:cloudformation:{r}:{a}:stack/{s}/*": [
        "cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStacks", "cloudformation:ExecuteChangeSet", "cloudformation:GetTemplateSummary",
    ],
    "arn:{p}:cloudformation:{r}:aws:transform/Serverless-2016-10-31": ["cloudformation:CreateChangeSet"],
    "arn:{p}:s3:::aws-sam-cli-managed-default-x": [
        "s3:CreateBucket", "s3:GetBucketLocation", "s3:ListBucket", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
    ],
    "arn:{p}:s3:::aws-sam-cli-managed-default-x/*": ["s3:GetObject", "s3:PutObject"],
}

API = "arn:{p}:apigateway:{r}::/apis"
FUNCTION = "arn:{p}:lambda:{r}:{a}:function:{s}-X"
ROLE = "arn:{p}:iam::{a}:role/postern/{s}/{s}-X"
ROLE_ACTIONS = [
    "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetRole",
    "iam:GetRolePolicy", "iam:PassRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:TagRole",
]

# By the type of a resource: the ARN that IAM is asked about, and the actions.
BY_TYPE = {
    "AWS::Serverless::HttpApi": {
        API: ["apigateway:POST", "apigateway:GET", "apigateway:TagResource"],
        f"{API}/x": ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:PUT"],
        # The log of the stage.
        "*": [
            "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
            "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
        ],
    },
    "AWS::Serverless::Function": {
        FUNCTION: [
            "lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunction", "lambda:GetFunction",
            "lambda:PutFunctionEventInvokeConfig", "lambda:RemovePermission", "lambda:TagResource", "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ],
        "*": ["lambda:CreateEventSourceMapping", "lambda:GetEventSourceMapping"],
        ROLE: ROLE_ACTIONS,
        # Roles that need no path of their own.
        "arn:{p}:iam::{a}:role/{s}-X": ROLE_ACTIONS,
        "arn:{p}:scheduler:{r}:{a}:schedule/default/{s}-session-sweeper": [
            "scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule",
        ],
    },
    "AWS::Lambda::Permission": {FUNCTION: ["lambda:AddPermission", "lambda:RemovePermission"]},
    "AWS::IAM::ManagedPolicy": {
        "arn:{p}:iam::{a}:policy/{s}-X": [
            "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:GetPolicy", "iam:ListPolicyVersions",
        ],
    },
    "AWS::DynamoDB::Table": {
        "arn:{p}:dynamodb:{r}:{a}:table/{s}-X": [
            "dynamodb:CreateTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive",
            "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
        ],
    },
    "AWS::KMS::Key": {
        "*": ["kms:CreateKey"],
        "arn:{p}:kms:{r}:{a}:key/x": ["kms:DescribeKey", "kms:EnableKeyRotation", "kms:PutKeyPolicy", "kms:TagResource"],
    },
    "AWS::SSM::Parameter": {
        "arn:{p}:ssm:{r}:{a}:parameter/CFN-ActiveTable-X": ["ssm:DeleteParameter", "ssm:GetParameters", "ssm:PutParameter"],
    },
    "AWS::SQS::Queue": {
        "arn:{p}:sqs:{r}:{a}:{s}-X": ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes"],
    },
    "AWS::Logs::LogGroup": {
        "arn:{p}:logs:{r}:{a}:log-group:{s}-X": [
            "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DescribeLogGroups", "logs:PutRetentionPolicy", "logs:TagResource",
        ],
        "arn:{p}:logs:{r}:{a}:log-group:/aws/vendedlogs/postern/{s}/x": ["logs:CreateLogGroup", "logs:DeleteLogGroup"],
    },
    "AWS::Logs::MetricFilter": {
        "arn:{p}:logs:{r}:{a}:log-group:{s}-X": ["logs:DeleteMetricFilter", "logs:DescribeMetricFilters", "logs:PutMetricFilter"],
    },
    "AWS::CloudWatch::Alarm": {
        "arn:{p}:cloudwatch:{r}:{a}:alarm:{s}-X": [
            "cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm",
        ],
    },
}

# Resources that are made only with some parameter: whether it is set, and then as above.
BY_PARAMETER = {
    "AWS::ApiGatewayV2::DomainName": ("DomainName", {"arn:{p}:apigateway:{r}::/domainnames": ["apigateway:POST"]}),
    "AWS::ApiGatewayV2::ApiMapping": ("DomainName", {"arn:{p}:apigateway:{r}::/domainnames/x/apimappings": ["apigateway:POST"]}),
    "AWS::Budgets::Budget": ("MonthlyBudget", {"arn:{p}:budgets::{a}:budget/x": ["budgets:ModifyBudget", "budgets:ViewBudget"]}),
}
SETTINGS = {
    "ReserveConcurrency": {FUNCTION: ["lambda:PutFunctionConcurrency"]},
    "JwtSecretName": {"arn:{p}:secretsmanager:{r}:{a}:secret:x": ["secretsmanager:GetSecretValue"]},
    "EdgeSecretName": {"arn:{p}:secretsmanager:{r}:{a}:secret:x": ["secretsmanager:GetSecretValue"]},
}
OFF = ("", "0", "false")


def needed(types: set[str], given: dict[str, str], **place: str) -> dict[str, set[str]]:
    """The actions by the ARNs that IAM is asked about."""
    groups = [OF_SAM, *(BY_TYPE.get(kind, {}) for kind in types)]
    groups += [group for kind, (name, group) in BY_PARAMETER.items() if kind in types and given.get(name, "") not in OFF]
    groups += [group for name, group in SETTINGS.items() if given.get(name, "") not in OFF]
    found: dict[str, set[str]] = {}
    for group in groups:
        for arn, actions in group.items():
            found.setdefault(arn.format(**place), set()).update(actions)
    return found
